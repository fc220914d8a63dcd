"""Binary BMS protocols: pure functions from frames to fields."""
