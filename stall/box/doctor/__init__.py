"""The doctor: looks at a box and its machine, says what hurts and what cures it, and writes nothing.

One module a group of checks. A check is a function of the patient that gives findings, none where it has nothing to say
on such a machine. It may fail in any way: what it could not look at is told as that, and the others go on.
"""
