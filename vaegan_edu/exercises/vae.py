"""Checks of this chapter: to come."""
