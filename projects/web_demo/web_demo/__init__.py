"""A web page: a photograph in, keypoints to move, meshes out."""
