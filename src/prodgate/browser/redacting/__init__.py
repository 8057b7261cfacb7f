"""Keeps secrets out of evidence.

writing.py    finds a known secret in bytes, however it is written there
redaction.py  takes known secrets out of texts, JSON and files
places.py     what stands where a secret stands: names, addresses, headers, bodies
events.py     the same in the events of a trace, which also hold what was typed
traces.py     a whole trace
pictures.py   what is written in a picture beside its pixels
"""
