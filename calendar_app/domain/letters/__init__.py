"""Reading letters: what a text is made of, and what stands around its dates.

The reader itself is ``sources.letter``; each module here is one question that it asks.
"""
