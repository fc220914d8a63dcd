"""Many rides: finding them, analyzing them under limits, and comparing vehicles with their own past and each other."""
