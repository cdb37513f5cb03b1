"""The head's pages: the day, how long replies took, the proof of order, what leaves as a file.

Carries out R8, R47-R52, R54, R65; U15. Every figure leads to exactly its tickets.
"""
