"""The judges of the exercises, one module a lesson."""
