"""Measures the hot doors against their floor: the same statements by the bare driver inside an empty route."""
