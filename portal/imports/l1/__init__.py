"""The only place for the import of the sheet 非公企业党建工作台账 (L1), whose row makes several records."""
