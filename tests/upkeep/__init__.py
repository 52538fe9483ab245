"""Tests of backups, the doctor and the commands of operators."""
