"""Pages about accounts: signing in, the own account, teams, and what admins look after."""
