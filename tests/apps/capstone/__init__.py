"""Three login services in frameworks of others, each written from the words of course/starter/CONTRACT.md alone.

They stand for what learners bring along in lesson 16. ``test_capstone.py`` holds them to the contract, and ``faulty`` makes
faults into one of them.
"""
