"""What the judges try answers with: a real server, a real database, another time zone."""
