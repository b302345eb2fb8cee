"""What a buyer reads, in the person's language: texts, plurals, amounts, dates. Knows no request and no page."""
