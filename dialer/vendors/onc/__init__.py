"""ONC: the Dynamic Notifications API, as JSON over HTTP and as SOAP 1.1. See docs/vendors/onc.md."""
