"""The ear: how loud and how rough each region of it hears a sound."""
