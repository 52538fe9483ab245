"""The portal: exhibitors, seats and check-in for trade shows and conferences."""

__version__ = "0.1.0"
