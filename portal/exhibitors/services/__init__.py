"""Operations on exhibitors, one module for each part."""
