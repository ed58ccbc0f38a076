"""Reports: one module per output format, each a pure function from `Report` to text."""
