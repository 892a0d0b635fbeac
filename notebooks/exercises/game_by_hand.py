"""The value of the game when nobody can tell, in nats."""

from vaegan_edu import exercises

# solution
value = -1.386
# stub
value = None  # V at mean = 0, deviation = 1, slope = 0, offset = 0: replace None
# end

exercises.check("game_by_hand", value)
