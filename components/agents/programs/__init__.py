"""Programs that pods of this layer run; each is one file without dependencies beyond its image."""
