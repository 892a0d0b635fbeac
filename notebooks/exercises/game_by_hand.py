"""The value of the game when nobody can tell, in nats."""

from vaegan_edu import exercises

# solution
value = -1.386
# stub
value = None  # V, with both alike and a discriminator that guesses: replace None
# end

exercises.check("game_by_hand", value)
