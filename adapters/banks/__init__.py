"""Banks the gateway can lend with: each adapter speaks one family of bank interfaces."""
