-- How often the final box was the suggested one, per project and model.
SELECT project, model, suggested, matched, percent_matched, mean_score FROM suggestion_accuracy
ORDER BY project, model
