"""The cloud talks here: upload, housekeeping, schedules."""
