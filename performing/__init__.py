"""How notes are played, learnt from notes: courses of level and pitch for whoever plays a melody."""
