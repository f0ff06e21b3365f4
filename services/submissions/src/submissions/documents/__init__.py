"""A consolidated report as an official document (NĐ 30/2020): Word, PDF and Excel."""
