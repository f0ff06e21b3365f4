"""Figures that a connected system pushed (Điều 3.5): read, checked cell by cell, counted."""
