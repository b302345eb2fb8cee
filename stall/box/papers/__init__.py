"""Papers as files: a certificate as PDF and as picture, a receipt as PDF. Drawn by a process beside those that serve people.

`faces` knows which signs can be drawn, `setting` breaks text into lines, `certificate` and `receipt` put them in their places,
`pdf_pen` and `png_pen` write them, `drawing` chooses, `beside` is the process.
"""
