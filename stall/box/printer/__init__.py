"""The receipt printer: what stands on paper, the bytes for it, the way to the printer, and who prints.

`paper` says what a document is, `receipt_paper` and `trial_paper` write one, `layout` sets it in lines, `lettering` draws what
the printer has no letters for, `escpos` makes bytes, `ports` takes them to the printer, `worker` does the jobs of the table.
"""
