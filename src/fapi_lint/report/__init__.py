"""Reports: one module per output format, each a pure function from `Report` to text.

`formats.FORMATS` has them by name. Every text ends with one line end, or is empty when there is
nothing to say.
"""
