"""The conformance statement (PS3.2), made of the tables that the node works by.

`statement(settings)` is the whole text. What a service does stands in `services.py`, one entry each; all that can be
counted (SOP classes, keys, settings, statuses, transfer syntaxes) comes from where the code has it.
"""
