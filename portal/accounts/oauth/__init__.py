"""OAuth 2: applications that act for users, within what these granted."""
