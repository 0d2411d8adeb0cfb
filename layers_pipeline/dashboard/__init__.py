"""The pages that people open every morning, over the analysts' file.

Belongs here: the shell, one module per page, the login, routes that stream files.
Does not belong here: questions to the data (``views``), SQL, commands (``cli``).
"""
