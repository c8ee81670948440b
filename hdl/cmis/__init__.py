"""Management: an I2C target that presents CMIS for the host, and vendor pages for the lanes."""
