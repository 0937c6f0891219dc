"""The checks of ``polykernel check``: a language is tried as front ends use it.

==================  ============================================================================
:mod:`.register`    what a check is: its rule, the section of the specification, how to mend
:mod:`.trial`       what is tried: the language, its samples, and the kernel that the checks share
:mod:`.run`         runs checks one by one; each has an end
:mod:`.report`      how results are told: in a terminal, and as JSON
==================  ============================================================================

The checks themselves, one module for each topic: :mod:`.facts`, :mod:`.author`, :mod:`.life`,
:mod:`.cells`, :mod:`.text`, :mod:`.output`, :mod:`.questions`, :mod:`.asking`,
:mod:`.interrupting`, :mod:`.endings`.
"""
