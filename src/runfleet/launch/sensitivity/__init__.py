"""What a sensitivity study comes to: its indices, their tables and their plots."""
