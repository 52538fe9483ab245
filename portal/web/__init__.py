"""The HTTP kit that every door is built with."""
