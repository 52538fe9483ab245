"""Users, teams, permissions, tokens, sessions and sign-in."""
