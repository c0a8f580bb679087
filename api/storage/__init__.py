"""Where conversations are kept. ORM rows never leave this package: repositories take and give frozen values."""
