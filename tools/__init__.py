"""Tools of the people who build the pipeline.

Belongs here: generators of documents, comparisons of lakes.
Does not belong here: anything the product runs.
"""
