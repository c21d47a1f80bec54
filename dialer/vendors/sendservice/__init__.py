"""SENDService InstantCall (MultiChannel API): programs post calls with a text or a stored recording, and poll them."""
