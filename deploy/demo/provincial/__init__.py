"""What is true in the lines of the province: taxes, lists, customs, market, people, finance; who lives it, and the
named examples' part of it. Catalogue words as in `facts`; how the province writes them down is in `holdings`."""
