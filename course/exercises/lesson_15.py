"""Exercises of lesson 15, Run it for real."""

from course.checking import exercise

for each in ("15.1", "15.2", "15.3", "15.4"):
    exercise(each, "hint")(lambda answer: None)
