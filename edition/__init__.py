"""The published edition: one static site from the notebooks, to read, to run in a browser tab, and to present.

``course site`` builds it from what ``course build`` made. Learners who install the course need nothing of this folder.
"""
