"""The page of the reproduced course, from its run folders: 29 questions, each with a computed answer.

measure → evidence → question → activity1, 2, 3 → page
"""
