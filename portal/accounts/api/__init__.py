"""The doors of OAuth: for applications (JSON), for the user who is asked, and for who looks after both."""
