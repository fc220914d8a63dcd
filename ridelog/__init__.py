"""Forensics for the logs of personal electric vehicles."""
