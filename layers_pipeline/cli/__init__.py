"""The command line: one module per noun, and running jobs from it.

Belongs here: commands, what they print, the demo and the developer's stack.
Does not belong here: what commands do (``steps``), drawing conclusions from rows (``transforms``).
"""
