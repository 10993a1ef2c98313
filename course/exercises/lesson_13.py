"""Exercises of lesson 13, Share trust with public keys."""

from course.checking import exercise

for each in ("13.1", "13.2", "13.3", "13.4"):
    exercise(each, "hint")(lambda answer: None)
