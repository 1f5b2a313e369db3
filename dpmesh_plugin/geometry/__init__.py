"""Pure geometry: rotations, cameras, alignment, boxes, affine maps. No registry, no state."""
