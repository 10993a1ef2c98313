"""Importing this first spares a process 1.5 s of CPU.

``jsonschema``, which comes with ``nbformat``, imports ``rfc3987_syntax`` where that is installed, and it compiles a grammar.
``jsonschema`` needs it to judge IRIs, which no notebook has, and does without where it is missing.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
