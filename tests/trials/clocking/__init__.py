"""Cases of clocks that change: by law, by the calendar, and by mistake."""
